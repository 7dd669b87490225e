/*
 * The peak that training is measured against: multiply-adds in float32 that the cores can do.
 *
 *     bench_peak [--json FILE]
 *
 * For each instruction set that the machine has (XTINYCC_ISA lowers the highest), on one core and
 * on all allowed cores at once: the quickest of many slices of a millisecond, so that busy
 * neighbours disturb little, in GFLOP/s (a multiply-add is 2). --json appends one line of JSON to
 * FILE.
 */
#include <stdio.h>
#include <string.h>
#include "fma.h"
#include "nn/device.h"

static int write_json(const char *path, const nn_system_info *info, int threads, const char *level,
                      double one, double all)
{
    FILE *file = fopen(path, "a");
    if (!file) {
        perror(path);
        return 1;
    }
    fprintf(file,
            "{\"bench\": \"peak\", \"version\": \"%s\", \"compiler\": \"%s\", \"cpu\": \"%s\", "
            "\"isa\": \"%s\", \"cores\": %d, \"load_average\": %.2f, \"gflops_one_core\": %.2f, "
            "\"gflops_all_cores\": %.2f}\n",
            info->version, info->compiler, info->cpu, level, threads, info->load_average, one, all);
    return fclose(file) != 0;
}

int main(int count, char **words)
{
    const char *json = NULL;
    if (count == 3 && strcmp(words[1], "--json") == 0) {
        json = words[2];
    } else if (count != 1) {
        fprintf(stderr, "usage: bench_peak [--json FILE]\n");
        return 2;
    }
    nn_system_info info = nn_system();
    int threads = info.cores < 1 ? 1 : info.cores > MOST_THREADS ? MOST_THREADS : info.cores;
    printf("%s, %d cores, load average %.2f\nGFLOP/s in float32, quickest of many slices\n", info.cpu,
           threads, info.load_average);
    int status = 0;
    for (size_t i = 0; i < sizeof fma_levels / sizeof *fma_levels; i++) {
        double one = fma_measure_cores(&fma_levels[i], 1).peak;
        double all = fma_measure_cores(&fma_levels[i], threads).peak;
        printf("%s  %2d lanes  one core %7.1f  %d cores at once %7.1f\n", fma_levels[i].name,
               fma_levels[i].lanes, one, threads, all);
        fflush(stdout);
        if (json && write_json(json, &info, threads, fma_levels[i].name, one, all))
            status = 1;
        if (strcmp(fma_levels[i].name, info.isa) == 0)
            break;
    }
    return status;
}
