// Package greeting has the words of the shop.
package greeting

// Text greets from a place.
func Text(place string) string { return "Hello from Go with " + place }
