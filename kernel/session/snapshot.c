#include "snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/single_threaded.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "messages.h"

#define RESIDENT_SMALL (64u << 20) /* this much a copy may take in any case */

/* The copies that this process has made and that may still live, to be reaped. */
static pid_t ours[64];
static size_t ours_count;

static void reap_dropped(void)
{
    size_t kept = 0;
    for (size_t i = 0; i < ours_count; i++)
        if (waitpid(ours[i], NULL, WNOHANG) == 0)
            ours[kept++] = ours[i];
    ours_count = kept;
}

#ifndef XTINYCC_SANITIZED /* sanitizers may keep a thread of their own */
static int thread_count(void)
{
    if (__libc_single_threaded)
        return 1;
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks)
        return 1;
    int count = 0;
    for (struct dirent *e; (e = readdir(tasks));)
        count += e->d_name[0] != '.';
    closedir(tasks);
    return count;
}
#endif

static unsigned long long number_in(const char *path, const char *key)
{
    char text[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *at = key ? strstr(text, key) : text;
    return at ? strtoull(at + (key ? strlen(key) : 0), NULL, 10) : 0;
}

/* Memory that this container or machine can still give, in bytes; 0 if unknown. */
static unsigned long long memory_available(void)
{
    unsigned long long machine = number_in("/proc/meminfo", "MemAvailable:") * 1024;
    unsigned long long limit = number_in("/sys/fs/cgroup/memory.max", NULL);
    unsigned long long used = number_in("/sys/fs/cgroup/memory.current", NULL);
    if (limit > used && (machine == 0 || limit - used < machine))
        return limit - used;
    return machine;
}

static unsigned long long memory_resident(void)
{
    char text[256];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    unsigned long long total = 0, resident = 0, shared = 0;
    sscanf(text, "%llu %llu %llu", &total, &resident, &shared);
    return (resident - (shared < resident ? shared : 0)) * (unsigned long long)getpagesize();
}

const char *snapshot_obstacle(void)
{
#ifndef XTINYCC_SANITIZED
    if (thread_count() > 1)
        return "a thread of an earlier cell is still running";
#endif
    unsigned long long resident = memory_resident();
    unsigned long long available = resident < RESIDENT_SMALL ? 0 : memory_available();
    if (available && resident > available / 4)
        return "the session's data fill more than a quarter of the free memory";
    return NULL;
}

/* The copy: wait for the word. Only once the old worker is reaped do we become a child of the
   zygote; a death signal asked for earlier would be delivered by that very death. */
static void freeze(pid_t zygote, int wake)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    setpgid(0, getpgid(zygote));
    prctl(PR_SET_NAME, "xtinycc-frozen");
    char word;
    ssize_t n;
    do
        n = recv(wake, &word, 1, 0);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        _exit(0);
    close(wake);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != zygote)
        _exit(0);
    setpgid(0, 0);
    prctl(PR_SET_NAME, "xtinycc-worker");
    ours_count = 0; /* they are the zygote's children now */
    sigprocmask(SIG_SETMASK, &before, NULL);
}

snapshot_result snapshot_take(pid_t zygote, uint32_t cell, pid_t *pid, const char **reason)
{
    *pid = 0;
    reap_dropped();
    *reason = snapshot_obstacle();
    if (*reason)
        return SNAPSHOT_SKIPPED;
    int ends[2];
    fflush(NULL);
    if (ours_count == sizeof ours / sizeof ours[0] || channel_pair(ends, FD_ENGINE_FREE) < 0) {
        *reason = "no descriptor or process was left";
        return SNAPSHOT_SKIPPED;
    }
    pid_t copy = fork();
    if (copy == 0) {
        close(ends[1]);
        freeze(zygote, ends[0]);
        return SNAPSHOT_WOKEN;
    }
    close(ends[0]);
    wire_buf b = {0};
    wire_put_u32(&b, (uint32_t)copy);
    wire_put_u32(&b, cell);
    if (copy < 0 || channel_send_fds(FD_ANNOUNCE, MSG_SNAPSHOT, &b, &ends[1], 1) < 0) {
        *reason = "memory or processes ran out";
        copy = 0; /* without its socket the copy ends by itself */
    } else {
        setpgid(copy, getpgid(zygote));
        ours[ours_count++] = copy;
        *pid = copy;
    }
    close(ends[1]);
    wire_buf_free(&b);
    return copy > 0 ? SNAPSHOT_TAKEN : SNAPSHOT_SKIPPED;
}

void snapshot_drop(pid_t pid)
{
    if (pid <= 0)
        return;
    wire_buf b = {0};
    wire_put_u32(&b, (uint32_t)pid);
    channel_send(FD_ANNOUNCE, MSG_DROP, &b);
    wire_buf_free(&b);
}
