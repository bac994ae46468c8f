/* alpha, beta, epsilon: say that they have started, and wait for a signal. delta and gamma: end at once. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **words) {
    const char *slash = strrchr(words[0], '/');
    const char *name = slash ? slash + 1 : words[0];
    (void)count;
    if (strcmp(name, "gamma") == 0) {
        fprintf(stderr, "gamma: listen tcp 0.0.0.0:80: bind: address already in use\n");
        return 1;
    }
    printf("%s started, pid %d\n", name, (int)getpid());
    fflush(stdout);
    if (strcmp(name, "delta") != 0)
        for (;;) pause();
    return 0;
}
