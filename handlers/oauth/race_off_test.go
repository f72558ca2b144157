//go:build !race

package oauth

const raceDetector = false
