#include <scratchml/base.h>

#define TEXT_OF(number)                   #number
#define VERSION_TEXT(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *scratchml_version(void)
{
    return VERSION_TEXT(SCRATCHML_VERSION_MAJOR, SCRATCHML_VERSION_MINOR, SCRATCHML_VERSION_PATCH);
}

const char *sml_status_text(sml_status status)
{
    static const char *const texts[] = {
#define STATUS_TEXT(name, text) [name] = (text),
        SML_STATUS_TABLE(STATUS_TEXT)
#undef STATUS_TEXT
    };
    size_t n = sizeof texts / sizeof texts[0];
    return (size_t)status < n ? texts[status] : "unknown status";
}
