/*
 * Send and receive whole messages between our processes.
 *
 * A channel is a SOCK_SEQPACKET socket: a message arrives whole or not at all, also when its
 * sender is killed half-way. Bodies above CHANNEL_INLINE travel in a memory file whose descriptor
 * goes along; the receiver copies them out, so that the sender cannot change them afterwards.
 */
#ifndef XTINYCC_CHANNEL_H
#define XTINYCC_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wire.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CHANNEL_INLINE 49152
#define CHANNEL_FDS_MAX 4

typedef struct message {
    uint32_t kind;
    char *body; /* malloc'ed, a NUL behind it */
    size_t size;
    int fds[CHANNEL_FDS_MAX]; /* received descriptors, close-on-exec; the receiver closes them */
    int fd_count;
} message;

/* Make a pair of ends at descriptors of at least LOWEST, close-on-exec. Returns 0 or -1. */
int channel_pair(int ends[2], int lowest);

/* Move FD to the lowest free descriptor >= LOWEST (close-on-exec), or leave it where it is if the
   limit on descriptors forbids that. Returns the descriptor, -1 for -1. */
int channel_move_high(int fd, int lowest);

/* Send a message; BODY may be NULL. Waits while the socket is full. Returns 0, or -1: the other
   end is gone (EPIPE), the body is bad or too large, no memory. */
int channel_send(int fd, uint32_t kind, const wire_buf *body);
int channel_send_fds(int fd, uint32_t kind, const wire_buf *body, const int *fds, int count);

/* As channel_send for at most CHANNEL_INLINE bytes; async-signal-safe. */
int channel_send_raw(int fd, uint32_t kind, const void *body, size_t size);

/* Receive one message. Returns 1; 0 if the other end is gone; -1 with errno EINTR (a signal came
   first), EAGAIN (WAIT is false and nothing is there), EBADMSG (damaged, dropped), or another. */
int channel_receive(int fd, message *m, bool wait);

void message_free(message *m); /* body and descriptors */
wire_reader message_reader(const message *m);

/* A memory file that holds SIZE bytes of DATA, close-on-exec; -1 on failure. */
int channel_memory_file(const void *data, size_t size);

/* The content of a file from its start, malloc'ed with a NUL behind it; NULL if it is larger than
   WIRE_BODY_MAX or cannot be read. */
char *channel_file_content(int fd, size_t *size);

#ifdef __cplusplus
}
#endif
#endif
