#include "hash.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reply.h"

#define BLOCK ((size_t)1 << 20)

static int finish(EVP_MD_CTX *context, char text[65])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (!EVP_DigestFinal_ex(context, sum, &size) || size != 32)
        return reply_error(OS_ERROR, "SHA-256 is not available here.");
    for (unsigned i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", sum[i]);
    return 0;
}

static EVP_MD_CTX *start(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestInit_ex(context, EVP_sha256(), NULL))
        return context;
    EVP_MD_CTX_free(context);
    return reply_null(OS_ERROR, "SHA-256 is not available here.");
}

int hash_bytes(const void *data, size_t size, char text[65])
{
    EVP_MD_CTX *context = start();
    if (!context)
        return -1;
    EVP_DigestUpdate(context, data, size);
    int rc = finish(context, text);
    EVP_MD_CTX_free(context);
    return rc;
}

static int hash_range(int fd, size_t offset, size_t size, char text[65])
{
    unsigned char *block = malloc(BLOCK);
    EVP_MD_CTX *context = block ? start() : NULL;
    int rc = context ? 0 : reply_error(MEMORY_ERROR, "Out of memory.");
    while (rc == 0 && size > 0) {
        ssize_t got = pread(fd, block, size < BLOCK ? size : BLOCK, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            rc = reply_error(OS_ERROR, "The data to hash could not be read: %s.",
                             got < 0 ? strerror(errno) : "it is too short");
            break;
        }
        EVP_DigestUpdate(context, block, (size_t)got);
        offset += (size_t)got;
        size -= (size_t)got;
    }
    if (rc == 0)
        rc = finish(context, text);
    EVP_MD_CTX_free(context);
    free(block);
    return rc;
}

int job_sha256(int count, char **ranges)
{
    for (int i = 0; i < count; i++) {
        size_t offset, size;
        char line[66];
        if (sscanf(ranges[i], "%zu:%zu", &offset, &size) != 2)
            return reply_error(VALUE_ERROR, "sha256: OFFSET:SIZE expected, got %s.", ranges[i]);
        if (hash_range(3 + i, offset, size, line) < 0)
            return -1;
        line[64] = '\n';
        if (reply_write(line, 65) < 0)
            return -1;
    }
    return 0;
}
