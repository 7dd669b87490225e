/*
 * The private folder of a session's temporary files. The front makes and removes it; should the
 * front be killed, the zygote removes it.
 */
#ifndef XTINYCC_FOLDER_H
#define XTINYCC_FOLDER_H

/* Remove a folder and the files in it, but no folder below it. What is not there is no error. */
void folder_remove(const char *path);

#endif
