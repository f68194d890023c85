.PHONY: chicken egg farm fox
chicken: egg
	echo chicken
egg: chicken
	echo egg
farm: barn
barn: fence
	touch barn
fence: dig
.PHONY: dig
dig:
	echo dig
