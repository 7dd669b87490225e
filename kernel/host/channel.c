#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* What precedes the body of each packet. */
typedef struct packet_head {
    uint32_t kind;
    uint32_t size;
    uint32_t in_file; /* the body is in the last descriptor */
} packet_head;

int channel_move_high(int fd, int lowest)
{
    if (fd < 0 || fd >= lowest)
        return fd;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, lowest);
    if (high < 0)
        return fd;
    close(fd);
    return high;
}

int channel_pair(int ends[2], int lowest)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        ends[i] = channel_move_high(ends[i], lowest);
        /* A whole inline packet must fit, whatever the system's default is. */
        int size = 4 * CHANNEL_INLINE;
        setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
    return 0;
}

static int send_packet(int fd, const packet_head *head, const void *body, size_t size,
                       const int *fds, int count)
{
    struct iovec parts[2] = {
        {.iov_base = (void *)head, .iov_len = sizeof *head},
        {.iov_base = (void *)body, .iov_len = size},
    };
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = size ? 2 : 1};
    union {
        char space[CMSG_SPACE(sizeof(int) * CHANNEL_FDS_MAX)];
        struct cmsghdr align;
    } control;
    if (count > 0) {
        memset(&control, 0, sizeof control);
        m.msg_control = control.space;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * (size_t)count);
    }
    for (;;) {
        if (sendmsg(fd, &m, MSG_NOSIGNAL) >= 0)
            return 0;
        if (errno != EINTR)
            return -1;
    }
}

int channel_send_raw(int fd, uint32_t kind, const void *body, size_t size)
{
    if (size > CHANNEL_INLINE) {
        errno = EMSGSIZE;
        return -1;
    }
    packet_head head = {.kind = kind, .size = (uint32_t)size};
    return send_packet(fd, &head, body, size, NULL, 0);
}

int channel_memory_file(const void *data, size_t size)
{
    int fd = memfd_create("xtinycc", MFD_CLOEXEC);
    if (fd < 0)
        return -1;
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(fd, (const char *)data + done, size - done, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            close(fd);
            return -1;
        }
        done += (size_t)n;
    }
    return fd;
}

char *channel_file_content(int fd, size_t *size)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || st.st_size < 0 || (uint64_t)st.st_size > WIRE_BODY_MAX)
        return NULL;
    size_t length = (size_t)st.st_size;
    char *data = malloc(length + 1);
    if (!data)
        return NULL;
    for (size_t done = 0; done < length;) {
        ssize_t n = pread(fd, data + done, length - done, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            free(data);
            return NULL;
        }
        done += (size_t)n;
    }
    data[length] = '\0';
    *size = length;
    return data;
}

int channel_send_fds(int fd, uint32_t kind, const wire_buf *body, const int *fds, int count)
{
    size_t size = body ? body->size : 0;
    if ((body && body->bad) || count < 0 || count >= CHANNEL_FDS_MAX) {
        errno = EINVAL;
        return -1;
    }
    packet_head head = {.kind = kind, .size = (uint32_t)size};
    if (size <= CHANNEL_INLINE)
        return send_packet(fd, &head, body ? body->data : NULL, size, fds, count);
    int all[CHANNEL_FDS_MAX];
    if (count > 0)
        memcpy(all, fds, sizeof(int) * (size_t)count);
    all[count] = channel_memory_file(body->data, size);
    if (all[count] < 0)
        return -1;
    head.in_file = 1;
    int result = send_packet(fd, &head, NULL, 0, all, count + 1);
    close(all[count]);
    return result;
}

int channel_send(int fd, uint32_t kind, const wire_buf *body)
{
    return channel_send_fds(fd, kind, body, NULL, 0);
}

void message_free(message *m)
{
    free(m->body);
    for (int i = 0; i < m->fd_count; i++)
        close(m->fds[i]);
    *m = (message){0};
}

wire_reader message_reader(const message *m)
{
    return wire_read(m->body, m->size);
}

static int damaged(message *m)
{
    message_free(m);
    errno = EBADMSG;
    return -1;
}

int channel_receive(int fd, message *m, bool wait)
{
    *m = (message){0};
    packet_head head;
    char inline_body[CHANNEL_INLINE];
    struct iovec parts[2] = {
        {.iov_base = &head, .iov_len = sizeof head},
        {.iov_base = inline_body, .iov_len = sizeof inline_body},
    };
    union {
        char space[CMSG_SPACE(sizeof(int) * CHANNEL_FDS_MAX)];
        struct cmsghdr align;
    } control;
    struct msghdr h = {.msg_iov = parts, .msg_iovlen = 2, .msg_control = control.space,
                       .msg_controllen = sizeof control.space};
    ssize_t n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    if (n < 0)
        return errno == ECONNRESET ? 0 : -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count && m->fd_count < CHANNEL_FDS_MAX; i++)
            memcpy(&m->fds[m->fd_count++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
    }
    if (n == 0)
        return 0;
    if ((size_t)n < sizeof head || (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
        return damaged(m);
    m->kind = head.kind;
    if (head.in_file) {
        if (m->fd_count == 0)
            return damaged(m);
        int file = m->fds[--m->fd_count];
        m->body = channel_file_content(file, &m->size);
        close(file);
        return m->body && m->size == head.size ? 1 : damaged(m);
    }
    m->size = (size_t)n - sizeof head;
    m->body = m->size == head.size ? malloc(m->size + 1) : NULL;
    if (!m->body)
        return damaged(m);
    memcpy(m->body, inline_body, m->size);
    m->body[m->size] = '\0';
    return 1;
}
