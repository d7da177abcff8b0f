package kubelet

import "testing"

func TestExpand(t *testing.T) {
	known := lookupIn(map[string]string{"NAME": "game", "EMPTY": "", "NESTED": "$(NAME)"})
	for name, test := range map[string]struct{ text, want string }{
		"nothing to do":            {"plain", "plain"},
		"empty":                    {"", ""},
		"one":                      {"$(NAME)", "game"},
		"among others":             {"a-$(NAME)-b-$(NAME)", "a-game-b-game"},
		"empty value":              {"[$(EMPTY)]", "[]"},
		"unknown stays":            {"$(OTHER)", "$(OTHER)"},
		"escaped":                  {"$$(NAME)", "$(NAME)"},
		"escaped and meant":        {"$$$(NAME)", "$game"},
		"not once more":            {"$(NESTED)", "$(NAME)"},
		"no parenthesis":           {"$NAME", "$NAME"},
		"unclosed":                 {"$(NAME", "$(NAME"},
		"dollar at the end":        {"cost $", "cost $"},
		"two dollars at the end":   {"cost $$", "cost $"},
		"shell substitution stays": {"$(date +%s)", "$(date +%s)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := expand(test.text, known); got != test.want {
				t.Errorf("expand(%q) = %q, want %q", test.text, got, test.want)
			}
		})
	}
}
