package evidence

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// JUnitFile is the name of the report that CI systems read.
const JUnitFile = "junit.xml"

// Case is one thing that went well or not.
type Case struct {
	Name string
	Took time.Duration
	// Failure is how it failed, Error why it could not be tried.
	Failure, Error string
}

type suite struct {
	XMLName  xml.Name   `xml:"testsuite"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Time     string     `xml:"time,attr"`
	Begun    string     `xml:"timestamp,attr"`
	Cases    []testCase `xml:"testcase"`
}

type testCase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Time    string   `xml:"time,attr"`
	Failure *message `xml:"failure"`
	Error   *message `xml:"error"`
}

type message struct {
	Text string `xml:"message,attr"`
}

// WriteJUnit writes the report of a suite of cases into a directory.
func WriteJUnit(dir, name string, begun time.Time, cases []Case) error {
	s := suite{Name: name, Tests: len(cases), Begun: begun.UTC().Format("2006-01-02T15:04:05")}
	var total time.Duration
	for _, c := range cases {
		total += c.Took
		t := testCase{Class: strings.ReplaceAll(name, " ", "."), Name: c.Name, Time: seconds(c.Took)}
		if c.Failure != "" {
			s.Failures++
			t.Failure = &message{c.Failure}
		}
		if c.Error != "" {
			s.Errors++
			t.Error = &message{c.Error}
		}
		s.Cases = append(s.Cases, t)
	}
	s.Time = seconds(total)
	data, err := xml.MarshalIndent(s, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, JUnitFile), append([]byte(xml.Header), append(data, '\n')...), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write the JUnit report: %w", err)
	}
	return nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
