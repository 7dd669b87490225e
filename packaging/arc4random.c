/*
 * arc4random() and arc4random_buf() over getrandom(), for the wheel: libstdc++'s random_device and
 * libbsd want them, and glibc has them from 2.36 on only. Hidden, so no cell sees them.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

__attribute__((visibility("hidden"))) void arc4random_buf(void *bytes, size_t size)
{
    char *at = bytes;
    while (size > 0) {
        ssize_t got = getrandom(at, size < 256 ? size : 256, 0);
        if (got < 0)
            continue; /* only ever interrupted: requests this small do not fail */
        at += got;
        size -= (size_t)got;
    }
}

__attribute__((visibility("hidden"))) uint32_t arc4random(void)
{
    uint32_t number;
    arc4random_buf(&number, sizeof number);
    return number;
}
