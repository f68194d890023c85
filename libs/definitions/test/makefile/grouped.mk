.NOTPARALLEL:
.PHONY: site check
SOURCES ::= a.md b.md
OUT :::= out
site: index.html feed.xml | $(OUT)
index.html feed.xml &: $(SOURCES)
	./render $^
check: site .WAIT links
.PHONY: links
links:
	./links index.html
include local.mk
