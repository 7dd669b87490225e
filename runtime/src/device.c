#include "nn/device.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "engine/engine.h"
#include "error.h"

static int is_chosen; /* by nn_use_device(): XTINYCC_DEVICE no longer counts */

/* Accelerators this library knows by name. This build computes on the CPU only. */
static const struct {
    const char *name, *kind;
} accelerators[] = {{"gpu:0", "GPU"}, {"tpu:0", "TPU"}};

#define ACCELERATOR_COUNT ((int)(sizeof accelerators / sizeof *accelerators))

static const char absent_reason[] = "this build has no xtinycc-device, which drives PJRT plugins";

static void read_cpu_name(char *name, size_t size)
{
    snprintf(name, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[512];
    while (file && fgets(line, sizeof line, file)) {
        char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !value)
            continue;
        value += strspn(value, ": \t");
        value[strcspn(value, "\n")] = '\0';
        snprintf(name, size, "%s", value);
        break;
    }
    if (file)
        fclose(file);
}

int nn_devices(nn_device_info *rows, int capacity)
{
    for (int i = 0; rows && i < capacity && i <= ACCELERATOR_COUNT; i++) {
        rows[i] = (nn_device_info){.available = i == 0};
        if (i == 0) {
            snprintf(rows[i].name, sizeof rows[i].name, "cpu");
            read_cpu_name(rows[i].description, sizeof rows[i].description);
            const char *wish = is_chosen ? NULL : getenv("XTINYCC_DEVICE");
            rows[i].in_use = !wish || !*wish || strcmp(wish, "cpu") == 0;
        } else {
            snprintf(rows[i].name, sizeof rows[i].name, "%s", accelerators[i - 1].name);
            snprintf(rows[i].reason, sizeof rows[i].reason, "%s", absent_reason);
        }
    }
    return ACCELERATOR_COUNT + 1;
}

/* Checks a device's name; only "cpu" is ever there. FUNCTION and SOURCE open the message. */
static nn_status check_device(const char *function, const char *name)
{
    if (strcmp(name, "cpu") == 0)
        return NN_OK;
    for (int i = 0; i < ACCELERATOR_COUNT; i++) {
        const char *full = accelerators[i].name;
        size_t kind = strcspn(full, ":");
        if (strncmp(name, full, kind) == 0 && (name[kind] == '\0' || name[kind] == ':'))
            return nn__fail(NN_VALUE_ERROR,
                            "%s: No %s is available (%s). Choose use_device(\"cpu\"), or set "
                            "XTINYCC_DEVICE to cpu.",
                            function, accelerators[i].kind, absent_reason);
    }
    if (strchr(name, '/'))
        return nn__fail(NN_VALUE_ERROR,
                        "%s: the plugin %.200s cannot be used (%s). Choose use_device(\"cpu\").",
                        function, name, absent_reason);
    return nn__fail(NN_VALUE_ERROR,
                    "%s: device \"%.80s\" is unknown; valid are cpu, gpu, gpu:0, tpu, tpu:0",
                    function, name);
}

nn_status nn_use_device(const char *name)
{
    if (!name) {
        const char *wish = getenv("XTINYCC_DEVICE");
        name = wish && *wish ? wish : "cpu";
    }
    nn_status status = check_device("use_device", name);
    if (!status)
        is_chosen = 1;
    return status;
}

const char *nn_device_in_use(void)
{
    const char *wish = is_chosen ? NULL : getenv("XTINYCC_DEVICE");
    if (wish && *wish && check_device("XTINYCC_DEVICE", wish))
        return NULL;
    return "cpu";
}

nn_system_info nn_system(void)
{
    nn_system_info info = {.threads = nn__default_threads()};
    snprintf(info.version, sizeof info.version, "%s", XTINYCC_VERSION);
#if defined(__clang__)
    snprintf(info.compiler, sizeof info.compiler, "clang %s", __clang_version__);
#else
    snprintf(info.compiler, sizeof info.compiler, "gcc %s", __VERSION__);
#endif
    snprintf(info.isa, sizeof info.isa, "%s", nn__isa_level());
    read_cpu_name(info.cpu, sizeof info.cpu);
    info.cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    double load;
    info.load_average = getloadavg(&load, 1) == 1 ? load : NAN;
    return info;
}

const char *nn_version_text(void)
{
    static char text[160];
    nn_system_info info = nn_system();
    snprintf(text, sizeof text, "xeus-tinycc %s, %s, ISA %s, %d thread%s", info.version,
             info.compiler, info.isa, info.threads, info.threads == 1 ? "" : "s");
    return text;
}
