/* Ctrl-C: the first one asks the work to end cleanly, the second one ends the program. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

void interrupt_watch(void);
int interrupt_arrived(void);

/* From here on Ctrl-C does again what it did before interrupt_watch: it ends the program. */
void interrupt_restore(void);

#endif
