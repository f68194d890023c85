MODULES = shop bank press
define module
$(1)/lib.a: $(1)/src
	$$(MAKE) -C $(1)
endef
$(foreach each,$(MODULES),$(eval $(call module,$(each))))
$(MODULES:%=test-%): test-%:
	$(MAKE) -C $* test
build-%: %
	cp $< $@
.PHONY: all $(MODULES)
all: $(MODULES:%=%/lib.a) notes
notes:: NEWS
	cat NEWS
notes:: THANKS
	cat THANKS
