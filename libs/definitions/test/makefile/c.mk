CC = gcc
OBJS = main.o parse.o
.SUFFIXES:
.SUFFIXES: .c .o
.PHONY: all install clean

all: shop

shop: $(OBJS)
	$(CC) -o $@ $^

.c.o:
	$(CC) -c $<

main.o parse.o: parse.h

-include $(OBJS:.o=.d)

install: all
	install -m 755 shop $(DESTDIR)/usr/bin

clean:
	rm -f shop *.o
