"""What each command does: open the library, call one part of it, print what came of it."""

STOPPED = 130  # the shell's code for a program that was ended by Ctrl-C
