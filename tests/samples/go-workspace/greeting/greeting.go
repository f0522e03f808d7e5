// Package greeting is a module of its own.
package greeting

// Text is what the API answers.
const Text = "Hello from a Go workspace"
