# The front door. Each target is one line; what it does is in tools/ and CMakeLists.txt.
#
#   make                build/scratchml and the libraries, optimised
#   make demo           everything from nothing: packages, build, MNIST, training, evaluation
#   make test           every test, also under sanitizers, and the lint
#   make lint           format, static analysis, direction of includes, sizes
#   make format         lays out the C files as make lint wants them
#   make bench          speed beside other libraries; ROWS="1 3" for some rows only
#   make bench-kernels  each kernel against the limits of the machine
#   make fuzz           every fuzz target for ten minutes
#   make soak           one epoch on a file of 4 GiB in 1 GiB of memory; MIB=64 for a smaller one
#   make install        into $(DESTDIR)$(PREFIX)
#   make clean          removes the build folders
#   make help           this text

PREFIX ?= /usr/local
DESTDIR ?=
ROWS ?=
MIB ?= 4096

.PHONY: all demo test lint format bench bench-kernels fuzz soak install clean help

all:
	@tools/build build --target product

demo:
	@tools/demo

test:
	@tools/test

lint:
	@tools/install-packages build test
	@tools/lint

format:
	@find src cli include examples bench tests -name '*.[ch]' -exec clang-format -i {} +

bench:
	@tools/bench $(ROWS)

bench-kernels:
	@tools/bench-kernels

fuzz:
	@tools/fuzz 600

soak:
	@tools/soak $(MIB)

install: all
	@tools/install build "$(PREFIX)" "$(DESTDIR)"

clean:
	rm -rf build build-asan build-tsan build-fuzz

help:
	@sed -n '3,14s/^# *//p' Makefile
