/* How much memory is left. */
#ifndef SML_BASE_AVAILABLE_H
#define SML_BASE_AVAILABLE_H

/* Bytes that this process may still take: what Linux estimates that programs may take without
 * swapping, and no more than its control group (cgroup) and its limit of address space leave.
 * Elsewhere all of the memory. */
double sml__memory_available(void);

#endif
