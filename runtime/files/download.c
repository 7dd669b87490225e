#include "download.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reply.h"

#define CONNECT_TIMEOUT_S 10L
#define STALL_TIMEOUT_S   30L
#define MAX_REDIRECTS     5L

typedef struct target {
    int fd;
    size_t size, limit;
    int too_long;
    int write_error;
} target;

static size_t receive(char *data, size_t one, size_t count, void *context)
{
    target *to = context;
    size_t size = one * count, done = 0;
    if (size > to->limit - to->size) {
        to->too_long = 1;
        return 0;
    }
    while (done < size) {
        ssize_t put = write(to->fd, data + done, size - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            to->write_error = errno;
            return 0;
        }
        done += (size_t)put;
    }
    to->size += size;
    return size;
}

static void host_of(const char *url, char *host, size_t size)
{
    const char *start = strstr(url, "://");
    start = start ? start + 3 : url;
    snprintf(host, size, "%.*s", (int)strcspn(start, "/"), start);
}

/* A libcurl of our own (the wheel's) does not know where this system keeps its certificates. */
static const char *find_certificates(void)
{
#ifdef XTINYCC_BUNDLE
    static const char *const files[] = {
        "/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Arch */
        "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
        "/etc/ssl/ca-bundle.pem",             /* SUSE */
        "/etc/ssl/cert.pem",
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (access(files[i], R_OK) == 0)
            return files[i];
#endif
    return NULL;
}

/* Certificates of the system, or those the environment names (proxies, conda). */
static void set_certificates(CURL *curl)
{
    const char *file = getenv("CURL_CA_BUNDLE");
    if (!file || !*file)
        file = getenv("SSL_CERT_FILE");
    if (!file || !*file)
        file = find_certificates();
    if (file && *file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, file);
}

static void only_https(CURL *curl)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTPS);
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, (long)CURLPROTO_HTTPS);
#endif
}

/* curl's own words, as a clause: "Could not resolve host: X" -> "could not resolve host". */
static int explain(CURL *curl, CURLcode code, const target *to, const char *host)
{
    long answer = 0;
    if (to->too_long)
        return reply_error(OS_ERROR, "%s: more than %zu bytes", host, to->limit);
    if (to->write_error)
        return reply_error(OS_ERROR, "writing the file: %s", strerror(to->write_error));
    if (code == CURLE_HTTP_RETURNED_ERROR &&
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer) == CURLE_OK)
        return reply_error(OS_ERROR, "%s: HTTP status %ld", host, answer);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return reply_error(OS_ERROR, "%s: no answer in time", host);
    if (code == CURLE_UNSUPPORTED_PROTOCOL)
        return reply_error(OS_ERROR, "%s: only https addresses are fetched", host);
    if (code == CURLE_COULDNT_RESOLVE_HOST)
        return reply_error(OS_ERROR, "%s: could not resolve host", host);
    char words[256];
    snprintf(words, sizeof words, "%s", curl_easy_strerror(code));
    words[0] = (char)tolower((unsigned char)words[0]);
    return reply_error(OS_ERROR, "%s: %s", host, words);
}

int job_download(const char *url, const char *limit)
{
    target to = {.fd = 3, .limit = strtoull(limit, NULL, 10)};
    char host[256];
    host_of(url, host, sizeof host);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return reply_error(OS_ERROR, "%s: libcurl could not start", host);
    CURL *curl = curl_easy_init();
    if (!curl)
        return reply_error(MEMORY_ERROR, "%s: libcurl has no memory", host);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    only_https(curl);
    set_certificates(curl);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "xeus-tinycc/" XTINYCC_VERSION);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)to.limit);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &to);
    CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_FILESIZE_EXCEEDED)
        to.too_long = 1;
    int rc = code == CURLE_OK ? 0 : explain(curl, code, &to, host);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return rc;
}
