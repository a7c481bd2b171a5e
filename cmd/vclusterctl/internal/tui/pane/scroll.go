package pane

import "fmt"

// scroll moves by rows. Who looks back no longer follows.
func (p *Pane) scroll(by int) {
	if by < 0 {
		p.follow = false
	}
	for ; by < 0 && (position{}).before(p.at); by++ {
		p.at = p.above(p.at)
	}
	for end := p.bottom(); by > 0 && p.at.before(end); by-- {
		p.at = p.below(p.at)
	}
}

func (p *Pane) above(at position) position {
	if at.row > 0 {
		return position{at.line, at.row - 1}
	}
	return position{at.line - 1, p.count(at.line-1) - 1}
}

func (p *Pane) below(at position) position {
	if at.row+1 < p.count(at.line) {
		return position{at.line, at.row + 1}
	}
	return position{at.line + 1, 0}
}

// bottom is where the last page begins. It looks at that page only.
func (p *Pane) bottom() position {
	room := p.textHeight()
	for i := len(p.lines) - 1; i >= 0 && room > 0; i-- {
		n := p.count(i)
		if n >= room {
			return position{i, n - room}
		}
		room -= n
	}
	return position{}
}

// clamp keeps what is visible within the text.
func (p *Pane) clamp() {
	end := p.bottom()
	if p.follow || end.before(p.at) {
		p.at = end
	}
}

// Position says in words which part is visible.
func (p *Pane) Position() string {
	end := p.bottom()
	switch {
	case end == position{}:
		return ""
	case !p.at.before(end):
		return "end"
	case p.at == position{}:
		return "top"
	}
	return fmt.Sprintf("%d%%", 100*p.at.line/max(len(p.lines), 1))
}
