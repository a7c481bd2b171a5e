/*
 * pause is the first process of a pod's sandbox: it holds the namespaces open
 * and, where the pod shares one process namespace, reaps what is orphaned to
 * it. It is C because one runs per pod: a Go runtime would cost ten times the
 * memory.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void leave(int signal) {
	(void)signal;
	_exit(0);
}

static void reap(int signal) {
	(void)signal;
	while (waitpid(-1, NULL, WNOHANG) > 0) {
	}
}

static int handle(int signal, void (*handler)(int), int flags) {
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	action.sa_flags = flags;
	return sigaction(signal, &action, NULL);
}

int main(int argc, char **argv) {
	if (argc > 1 && strcmp(argv[1], "-v") == 0) {
		puts("pause " VERSION);
		return 0;
	}
	if (handle(SIGINT, leave, 0) != 0 || handle(SIGTERM, leave, 0) != 0 ||
	    handle(SIGCHLD, reap, SA_NOCLDSTOP) != 0) {
		perror("pause: cannot handle signals");
		return 1;
	}
	for (;;) {
		pause();
	}
}
