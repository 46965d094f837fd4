/* Simulates disk faults for a program that loads it with LD_PRELOAD. Built and used by tests/cli/faults.rs.
 *
 *   FAULT_DIR    folder whose files are affected
 *   FAULT_COUNT  file that receives the number of changes (writes, creations, renames, syncs, ...) at exit
 *   FAULT_AT     number of the change, from 1, at which the fault occurs
 *   FAULT_KIND   power     half of the change's bytes are written, unsynced data are lost, and the process dies
 *                full      half of the change's bytes are written; from then on, writing fails (ENOSPC)
 *                readonly  from here on, every change fails (EROFS)
 *   FAULT_FOR    for full and readonly: number of changes that fail before the disk works again
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 1024, LENGTH = 1024 };

static struct {
    char path[LENGTH];
    long synced;
} files[FILES];
static int used;
static long changes;
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int meant(const char *path) {
    const char *dir = getenv("FAULT_DIR");
    return dir && strncmp(path, dir, strlen(dir)) == 0;
}

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, LENGTH - 1);
    path[n < 0 ? 0 : n] = 0;
    return n > 0 && meant(path);
}

static int entry(const char *path) {
    for (int i = 0; i < used; i++)
        if (strcmp(files[i].path, path) == 0) return i;
    if (used == FILES) abort();
    strcpy(files[used].path, path);
    files[used].synced = 0;
    return used++;
}

static void power_cut(void) {
    for (int i = 0; i < used; i++) {
        struct stat found;
        if (files[i].path[0] && stat(files[i].path, &found) == 0 && found.st_size > files[i].synced)
            if (truncate(files[i].path, files[i].synced)) abort();
    }
    kill(getpid(), SIGKILL);
    pause();
}

/* Counts a change; returns its error, 0 for none, or -1 for a loss of power. */
static int fault(int takes_bytes) {
    long at = atol(getenv("FAULT_AT") ?: "0"), last = at + atol(getenv("FAULT_FOR") ?: "1000000000");
    const char *kind = getenv("FAULT_KIND") ?: "";
    changes++;
    if (at == 0 || changes < at || changes >= last) return 0;
    if (strcmp(kind, "power") == 0) return -1;
    if (strcmp(kind, "readonly") == 0) return EROFS;
    return takes_bytes ? ENOSPC : 0;
}

/* A change that has no effect if it fails. */
static int refused(int takes_bytes) {
    int error = fault(takes_bytes);
    if (error < 0) power_cut();
    errno = error;
    return error != 0;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    char path[LENGTH];
    if (!path_of(fd, path)) return REAL(write)(fd, bytes, count);
    pthread_mutex_lock(&lock);
    int error = fault(1);
    ssize_t done = -1;
    if (error == 0) {
        done = REAL(write)(fd, bytes, count);
    } else if (error < 0 || (error == ENOSPC && changes == atol(getenv("FAULT_AT")) && count > 1)) {
        done = REAL(write)(fd, bytes, count / 2);
        if (error < 0) power_cut();
    } else {
        errno = error;
    }
    int kept = errno;
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}

static int opened(const char *path, int flags) {
    pthread_mutex_lock(&lock);
    struct stat found;
    int exists = stat(path, &found) == 0, failed = 0;
    if (flags & (O_WRONLY | O_RDWR)) {
        if (!exists) failed = refused(1);
        int known = used;
        int i = entry(path);
        if (i == known) files[i].synced = exists && !(flags & O_TRUNC) ? found.st_size : 0;
        if (flags & O_TRUNC) files[i].synced = 0;
    }
    int kept = errno;
    pthread_mutex_unlock(&lock);
    errno = kept;
    return failed;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...) {                                                                       \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = va_arg(rest, mode_t);                                                                            \
        va_end(rest);                                                                                                  \
        if (meant(path) && opened(path, flags)) return -1;                                                             \
        return REAL(name)(path, flags, mode);                                                                          \
    }
OPEN(open)
OPEN(open64)

static void synced(const char *path) {
    struct stat found;
    if (stat(path, &found) == 0 && S_ISREG(found.st_mode)) files[entry(path)].synced = found.st_size;
}

#define SYNC(name)                                                                                                     \
    int name(int fd) {                                                                                                 \
        char path[LENGTH];                                                                                             \
        if (!path_of(fd, path)) return REAL(name)(fd);                                                                 \
        pthread_mutex_lock(&lock);                                                                                     \
        int failed = refused(0), kept = errno;                                                                         \
        if (!failed) synced(path);                                                                                     \
        pthread_mutex_unlock(&lock);                                                                                   \
        errno = kept;                                                                                                  \
        return failed ? -1 : 0;                                                                                        \
    }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name)                                                                                                 \
    int name(int fd, off_t length) {                                                                                   \
        char path[LENGTH];                                                                                             \
        if (!path_of(fd, path)) return REAL(name)(fd, length);                                                         \
        pthread_mutex_lock(&lock);                                                                                     \
        int failed = refused(0), kept = errno;                                                                         \
        int i = entry(path);                                                                                           \
        if (!failed && files[i].synced > length) files[i].synced = length;                                             \
        pthread_mutex_unlock(&lock);                                                                                   \
        errno = kept;                                                                                                  \
        return failed ? -1 : REAL(name)(fd, length);                                                                   \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

int rename(const char *from, const char *to) {
    if (!meant(to)) return REAL(rename)(from, to);
    pthread_mutex_lock(&lock);
    int failed = refused(0), kept = errno;
    if (!failed) {
        struct stat found;
        int known = used, i = entry(from), j = entry(to);
        /* A file of an earlier process is already on disk. */
        if (i == known) files[i].synced = stat(from, &found) == 0 ? found.st_size : 0;
        files[j].synced = files[i].synced;
        files[i].path[0] = 0;
    }
    pthread_mutex_unlock(&lock);
    errno = kept;
    return failed ? -1 : REAL(rename)(from, to);
}

int mkdir(const char *path, mode_t mode) {
    if (meant(path) && refused(1)) return -1;
    return REAL(mkdir)(path, mode);
}

int unlink(const char *path) {
    if (meant(path) && refused(0)) return -1;
    pthread_mutex_lock(&lock);
    files[entry(path)].path[0] = 0;
    pthread_mutex_unlock(&lock);
    return REAL(unlink)(path);
}

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("FAULT_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%ld", changes);
        fclose(file);
    }
}
