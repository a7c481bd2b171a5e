package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// defaultRows is the height of a terminal until a script says another.
const defaultRows = 24

// screen is what scripts are played to.
type screen interface {
	Press(keys string) error
	Await(ctx context.Context, text string) error
	Resize(columns, rows int) error
}

// play does what the lines of a script say:
//
//	size COLUMNS ROWS   the size of the terminal from here on
//	await TEXT          wait until it can be read
//	press KEYS          type; \r is Enter, and so on as in Go
//	shoot FILE          draw the screen
//
// Lines that begin with # say nothing.
func play(ctx context.Context, on screen, script string, shoot func(file string) error) error {
	for i, line := range strings.Split(script, "\n") {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		var err error
		switch verb {
		case "", "#":
		case "size":
			err = resize(on, rest)
		case "await":
			err = on.Await(ctx, rest)
		case "press":
			err = press(on, rest)
		case "shoot":
			err = shoot(rest)
		default:
			err = fmt.Errorf("%q is none of size, await, press and shoot", verb)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return nil
}

func resize(on screen, size string) error {
	var columns, rows int
	if _, err := fmt.Sscan(size, &columns, &rows); err != nil {
		return fmt.Errorf("size %q: want columns and rows: %w", size, err)
	}
	return on.Resize(columns, rows)
}

func press(on screen, quoted string) error {
	keys, err := strconv.Unquote(`"` + quoted + `"`)
	if err != nil {
		return fmt.Errorf("press %s: %w", quoted, err)
	}
	return on.Press(keys)
}
