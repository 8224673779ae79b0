package strictyaml

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// DidYouMean is the fix for a name that does not exist: `did you mean "name"?` for the nearest of the names that
// do, or the list of them all when none is near. Near is an edit distance (insert, delete, replace or swap one
// character) of at most a third of the shorter word, at least 1, without regard to case.
func DidYouMean(word string, names []string) string {
	if best := Nearest(word, names); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	if len(names) == 0 {
		return ""
	}
	sorted := slices.Sorted(slices.Values(names))
	return "known: " + strings.Join(slices.Compact(sorted), ", ")
}

// Nearest is the name that DidYouMean suggests, and "" if none is near.
func Nearest(word string, names []string) string {
	best, bestDistance := "", math.MaxInt
	for _, name := range names {
		shorter := min(utf8.RuneCountInString(word), utf8.RuneCountInString(name))
		d := distance(strings.ToLower(word), strings.ToLower(name))
		if d < bestDistance && d < shorter && d <= max(1, shorter/3) {
			best, bestDistance = name, d
		}
	}
	return best
}

// maxSuggestLength bounds the words that are compared: the distance costs the product of both lengths.
const maxSuggestLength = 100

// distance is the optimal string alignment distance of two words.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > maxSuggestLength || len(y) > maxSuggestLength {
		return math.MaxInt
	}
	before, previous, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, previous[j]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, previous, row = previous, row, before
	}
	return previous[len(y)]
}
