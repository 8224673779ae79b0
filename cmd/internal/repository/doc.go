// Package repository has no code. Its tests hold the rules that the whole repository keeps: which floor may import
// which, what stays out of library packages, and that `go install` of the command works.
package repository
