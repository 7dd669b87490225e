"""Copy the C, POSIX and common Linux headers that TinyCC reads into one folder.

    harvest_headers.py --tcc TCC --own FOLDER [--own FOLDER ...] --output FOLDER
    harvest_headers.py --list

For machines that have no C headers. What a header includes depends on feature macros, so each
public name is compiled under several of them, and TinyCC lists the files it read.
Files are copied as they are, licence notices included. Folders given by --own come first in the
search and are not copied. --list prints the public names, one a line.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

PUBLIC = """
assert.h ctype.h errno.h fenv.h float.h inttypes.h limits.h locale.h math.h setjmp.h signal.h
stdalign.h stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h stdnoreturn.h string.h threads.h
time.h uchar.h wchar.h wctype.h

aio.h arpa/inet.h cpio.h dirent.h dlfcn.h fcntl.h fmtmsg.h fnmatch.h ftw.h glob.h grp.h iconv.h
langinfo.h libgen.h monetary.h mqueue.h net/if.h netdb.h netinet/in.h netinet/tcp.h nl_types.h
poll.h pthread.h pwd.h regex.h sched.h search.h semaphore.h spawn.h strings.h sys/ipc.h sys/mman.h
sys/msg.h sys/resource.h sys/select.h sys/sem.h sys/shm.h sys/socket.h sys/stat.h sys/statvfs.h
sys/time.h sys/times.h sys/types.h sys/uio.h sys/un.h sys/utsname.h sys/wait.h syslog.h tar.h
termios.h ulimit.h unistd.h utime.h utmpx.h wordexp.h

alloca.h argp.h argz.h byteswap.h crypt.h elf.h endian.h envz.h err.h error.h execinfo.h features.h
getopt.h gnu/libc-version.h ifaddrs.h malloc.h mcheck.h memory.h mntent.h net/ethernet.h
net/route.h netinet/ether.h netinet/ip.h netinet/udp.h netpacket/packet.h obstack.h paths.h
printf.h pty.h resolv.h shadow.h stdio_ext.h sys/auxv.h sys/cdefs.h sys/epoll.h sys/eventfd.h
sys/file.h sys/fsuid.h sys/inotify.h sys/ioctl.h sys/klog.h sys/mount.h sys/param.h
sys/personality.h sys/prctl.h sys/ptrace.h sys/queue.h sys/quota.h sys/random.h sys/reboot.h sys/sendfile.h
sys/signalfd.h sys/statfs.h sys/swap.h sys/syscall.h sys/sysinfo.h sys/sysmacros.h sys/timerfd.h
sys/timex.h sys/ucontext.h sys/vfs.h sys/xattr.h syscall.h sysexits.h termio.h ttyent.h
ucontext.h utmp.h values.h wait.h
linux/futex.h linux/limits.h linux/perf_event.h linux/types.h linux/version.h asm/types.h
""".split()

FEATURES = [[], ["-D_GNU_SOURCE"], ["-D_POSIX_C_SOURCE=200809L"],
            ["-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64", "-D_REENTRANT"]]

SYSTEM = [pathlib.Path("/usr/include/x86_64-linux-gnu"), pathlib.Path("/usr/include")]


def read_files(tcc, own, name, features):
    """The files that `#include <NAME>` reads; nothing where it cannot be read."""
    with tempfile.TemporaryDirectory() as work:
        source, found = pathlib.Path(work, "h.c"), pathlib.Path(work, "h.d")
        source.write_text(f"#include <{name}>\n")
        # Not -isystem: such files are not listed.
        common = [tcc, "-nostdinc", *(f"-I{folder}" for folder in [*own, *SYSTEM]), *features]
        compiled = subprocess.run([*common, "-c", "-MD", "-MF", found, "-o", pathlib.Path(work, "h.o"),
                                   source], capture_output=True)
        if compiled.returncode == 0:
            words = found.read_text().split()
        else:  # C that TinyCC does not know, and the kernel mends: the preprocessor's line markers
            expanded = subprocess.run([*common, "-E", source], capture_output=True, text=True)
            lines = expanded.stdout.splitlines() if expanded.returncode == 0 else []
            words = [line.split('"')[1] for line in lines if line.startswith("# ") and '"' in line]
    return {pathlib.Path(word) for word in words if word.startswith("/")}


def relative(path):
    for root in SYSTEM:
        if path.is_relative_to(root):
            return path.relative_to(root)
    return None


def harvest(tcc, own, output):
    files, without = {}, []
    for name in PUBLIC:
        found = set().union(*(read_files(tcc, own, name, f) for f in FEATURES))
        if not found:
            without.append(name)
        files.update((relative(path), path) for path in found if relative(path))
    if output.exists():
        shutil.rmtree(output)
    for short, path in sorted(files.items()):
        (output / short).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, output / short)
    return files, without


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tcc", default="tcc")
    parser.add_argument("--own", action="append", default=[], type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(PUBLIC))
        return
    if not arguments.output:
        parser.error("--output is missing")
    files, without = harvest(arguments.tcc, arguments.own, arguments.output)
    size = sum(path.stat().st_size for path in files.values())
    print(f"{len(files)} headers, {size / 1e6:.2f} MB, in {arguments.output}")
    if without:
        print("not here, or not for TinyCC:", *without)
    if not files:
        sys.exit("harvest_headers.py: no header was found; is libc6-dev installed?")


if __name__ == "__main__":
    main()
