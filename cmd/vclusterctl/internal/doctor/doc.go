// Package doctor says whether something is well, and if not what to do about
// it: a host that is to run virtual clusters, or one such cluster.
//
// It works in three steps that know nothing of each other. Somebody looks once
// at all there is to see; pure checks make findings of it; and the findings are
// printed, with the answer in the first line. This package is what they share:
// the findings, and how they are printed. The packages below it look and check.
//
// Nobody has to have every right. What could not be seen is a finding, too, with
// the right that is missing.
package doctor
