/* Time for progress and reports; no result depends on it. */
#ifndef SML_BASE_CLOCK_H
#define SML_BASE_CLOCK_H

/* Seconds of a clock that only moves forward. */
double sml__seconds_now(void);

#endif
