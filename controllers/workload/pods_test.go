package workload

import (
	"fmt"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

func TestPodLists(t *testing.T) {
	sets := func(selectors ...string) []podSet {
		var all []podSet
		for _, text := range selectors {
			selector, err := labels.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, podSet{namespace: "game", selector: selector, owns: func(metav1.Object) bool { return true }})
		}
		return all
	}
	var many, wantMany []string
	for i := range maxUnion + 1 {
		many = append(many, fmt.Sprintf("app=a%03d", i))
	}
	for i, list := range podLists(sets(many...)) {
		wantMany = append(wantMany, fmt.Sprint(i, " ", len(list.sets)))
	}
	if !slices.Equal(wantMany, []string{"0 100", "1 1"}) {
		t.Errorf("many sets make lists of %q", wantMany)
	}
	for name, test := range map[string]struct{ selectors, want []string }{
		"one keeps its selector":   {[]string{"app=a,tier=front"}, []string{"app=a,tier=front"}},
		"by the same label":        {[]string{"app=b", "app=a", "app in (a,c)"}, []string{"app in (a,b,c)"}},
		"by different labels":      {[]string{"app=a", "name=a"}, []string{"app=a", "name=a"}},
		"the first label decides":  {[]string{"app=a,tier=front", "app=b"}, []string{"app in (a,b)"}},
		"not by a value":           {[]string{"app", "app", "app!=x"}, []string{"app", "app", "app!=x"}},
		"among others, not values": {[]string{"app=a", "!app", "app=b"}, []string{"app in (a,b)", "!app"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, list := range podLists(sets(test.selectors...)) {
				got = append(got, list.selector.String())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("lists by %q, want %q", got, test.want)
			}
		})
	}
}
