//go:build race

package oauth

// raceDetector says that everything takes ten times as long.
const raceDetector = true
