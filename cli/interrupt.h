/* Ctrl-C, and kill and a closed terminal, which count as the same. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

/* Ctrl-C ends the program with exit code 130: for work that has nothing to clean up. */
void interrupt_exits(void);

/* The first one asks the work to end cleanly, a second one ends the program. */
void interrupt_watch(void);
int interrupt_arrived(void);

/* From here on none ends the program: what is being written gets whole. */
void interrupt_hold(void);

#endif
