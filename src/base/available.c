#include "base/available.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The number behind a word at the beginning of a line, such as "MemAvailable:"; of the first line
 * where the word is empty. NaN where there is none: "max" is no number either. */
static double number_after(const char *path, const char *word)
{
    char line[256];
    double number = (double)NAN;
    FILE *file = fopen(path, "r");
    while (file != NULL && isnan(number) && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, word, strlen(word)) == 0) {
            char *end = NULL;
            const unsigned long long value = strtoull(line + strlen(word), &end, 10);
            number = end != line + strlen(word) ? (double)value : (double)NAN;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return number;
}

/* What a control group leaves: its limit less what it uses, but for the cached files, which give
 * way. NaN where there is no limit. (Linux, Documentation/admin-guide/cgroup-v2.rst.) */
static double left_by_group(const char *limit, const char *usage, const char *stat,
                            const char *active, const char *inactive)
{
    const double cached = number_after(stat, active) + number_after(stat, inactive);
    return number_after(limit, "") - number_after(usage, "") + (isnan(cached) ? 0 : cached);
}

/* What the limit of address space leaves; NaN where there is none. */
static double left_by_address_space(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return (double)NAN;
    }
    return (double)limit.rlim_cur -
           number_after("/proc/self/statm", "") * (double)sysconf(_SC_PAGESIZE);
}

double sml__memory_available(void)
{
    const double kibibytes = number_after("/proc/meminfo", "MemAvailable:");
    const double limits[] = {
        left_by_group("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current",
                      "/sys/fs/cgroup/memory.stat", "active_file ", "inactive_file "),
        left_by_group("/sys/fs/cgroup/memory/memory.limit_in_bytes",
                      "/sys/fs/cgroup/memory/memory.usage_in_bytes",
                      "/sys/fs/cgroup/memory/memory.stat", "total_active_file ",
                      "total_inactive_file "),
        left_by_address_space(),
    };
    double left = isnan(kibibytes) ? (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE)
                                   : 1024 * kibibytes;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        left = limits[i] < left ? limits[i] : left; /* NaN is not below */
    }
    return left > 0 ? left : 0;
}
