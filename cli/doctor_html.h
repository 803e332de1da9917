/* The doctor's report as one HTML file, without scripts or requests. */
#ifndef CLI_DOCTOR_HTML_H
#define CLI_DOCTOR_HTML_H

#include "command.h"

#include <scratchml/doctor.h>

/* run: "moons, 2-16-2, adam, batch 128". Writes the file whole or not at all. Returns 0, or the
 * exit code after a message. */
int doctor_html_save(const session *s, const sml_doctor *doctor, const char *run, const char *path);

#endif
