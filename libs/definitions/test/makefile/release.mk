.ONESHELL:
.SILENT: tag
.DELETE_ON_ERROR:
export TAG = v$(shell cat VERSION)
override CHANNEL := stable
.PHONY: release tag publish
release: private NOTES = yes
release: tag publish
tag:
	git tag $(TAG)
publish: MODE := fast
publish: tag archive.tar.gz
	scp archive.tar.gz host:
archive.tar.gz: # all of it
	git archive -o $@ HEAD
vpath %.c src
undefine NOTHING
unexport SECRET
ifdef CI
publish: sign
endif
.PHONY: sign
sign:
	gpg --sign archive.tar.gz
