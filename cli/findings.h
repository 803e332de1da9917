/* What the doctor has found, as text and as JSON. */
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include "command.h"
#include "document.h"
#include "text.h"

/* Findings that are more than a note and follow from no other. */
size_t findings_count(const sml_doctor *doctor);

/* Notes that follow from no other. */
size_t findings_notes(const sml_doctor *doctor);

/* Findings that follow from another. */
size_t findings_following(const sml_doctor *doctor);

/* Two lines on stderr for each of these, none with --quiet; data is what the command was given. */
void findings_note(const session *s, const sml_doctor *doctor, const char *data);

/* Of one: "warning"; its remedy as the command line has it, "--learning-rate 0.01" (free it); a
 * number of its evidence, in four digits, or all of a whole number. */
const char *finding_severity(const sml_finding *finding);
char *finding_remedy(const sml_finding *finding);
short_text finding_figure(double value);

/* All findings in full, to stdout. */
void findings_print(const session *s, const sml_doctor *doctor);

/* A list of objects. */
json_t *findings_document(const sml_doctor *doctor);

#endif
