#ifndef NN_FILES_DOWNLOAD_H
#define NN_FILES_DOWNLOAD_H

/* Job "download URL LIMIT": fetch URL over HTTPS into fd 3, at most LIMIT bytes. A failure reads
   "HOST: what happened". */
int job_download(const char *url, const char *limit);

#endif
