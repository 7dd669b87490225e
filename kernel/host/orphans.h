/*
 * End what others have left to us. A process that is a subreaper becomes the parent of its
 * descendants' orphans.
 */
#ifndef XTINYCC_ORPHANS_H
#define XTINYCC_ORPHANS_H

/* Kill and reap every child of this process, and their children as they become ours, for at most
   about a second. */
void orphans_end(void);

#endif
