#include "nb/host.h"

static nb_host current;

void nb_host_set(const nb_host *host)
{
    current = host ? *host : (nb_host){0};
}

const nb_host *nb_host_get(void)
{
    return &current;
}

int nb_interrupted(void)
{
    return current.interrupted ? current.interrupted(current.self) : 0;
}

void nb_raise_last_error(void)
{
    if (current.raise)
        current.raise(current.self, nn_status_name(nn_error_status()), nn_error_message());
}
