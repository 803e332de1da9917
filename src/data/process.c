#include "data/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Standard input from /dev/null, output and errors to log; an error number on failure. */
static int redirect(posix_spawn_file_actions_t *actions, const char *log)
{
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0) {
        error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, log,
                                                 O_WRONLY | O_CREAT | O_TRUNC, 0600);
    }
    return error != 0 ? error
                      : posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
}

static int start(char *const arguments[], const char *log, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) {
        return error;
    }
    error = redirect(&actions, log);
    if (error == 0) {
        error = posix_spawnp(child, arguments[0], &actions, NULL, arguments, environ);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* The wait status of the child; -1 with errno on failure. */
static int wait_for(pid_t child)
{
    int status = 0;
    pid_t ended = 0;
    do {
        ended = waitpid(child, &status, 0);
    } while (ended < 0 && errno == EINTR);
    return ended < 0 ? -1 : status;
}

/* Copies the first line that says something; "" when there is none. */
static void first_line(const char *log, char *line, int size)
{
    line[0] = '\0';
    FILE *file = fopen(log, "re");
    if (file == NULL) {
        return;
    }
    while (fgets(line, size, file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[strspn(line, " \t")] != '\0') {
            break;
        }
    }
    fclose(file);
}

static int is_stop(int number)
{
    return number == SIGINT || number == SIGTERM || number == SIGHUP;
}

/* Whether the user stopped a program: by the signal, or as a shell reports it, 128 + the signal. */
static int was_stopped(int status)
{
    return WIFSIGNALED(status) ? is_stop(WTERMSIG(status)) : is_stop(WEXITSTATUS(status) - 128);
}

sml_status sml__run_program(char *const arguments[], const char *log, char *reason, size_t size)
{
    pid_t child = 0;
    char line[160];
    reason[0] = '\0';
    int error = start(arguments, log, &child);
    if (error != 0) {
        snprintf(reason, size, "%s",
                 error == ENOENT ? "not installed (not on PATH)" : "could not be started");
        return SML_NOT_FOUND;
    }
    int status = wait_for(child);
    if (status == 0) {
        return SML_OK;
    }
    if (status > 0 && was_stopped(status)) {
        return SML_CANCELLED;
    }
    if (status < 0 || !WIFEXITED(status)) {
        snprintf(reason, size, "it did not end by itself");
        return SML_NOT_FOUND;
    }
    first_line(log, line, sizeof line);
    snprintf(reason, size, "exit code %d%s%s", WEXITSTATUS(status), line[0] != '\0' ? ", " : "",
             line);
    return SML_NOT_FOUND;
}

static void remove_at(int parent, const char *name)
{
    if (unlinkat(parent, name, 0) == 0) {
        return;
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    const struct dirent *entry = NULL;
    while ((entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            remove_at(dirfd(folder), entry->d_name);
        }
    }
    closedir(folder);
    unlinkat(parent, name, AT_REMOVEDIR);
}

void sml__remove_tree(const char *path)
{
    remove_at(AT_FDCWD, path);
}
