package nodeinstall

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Client asks a container runtime over the CRI. Two questions without arguments
// do not need a library for all of it: a call is one request of HTTP/2, and the
// answers are read field by field.
type Client struct{ http *http.Client }

// questionTimeout bounds one question.
const questionTimeout = 10 * time.Second

// NewClient asks at a socket.
func NewClient(socket string) *Client {
	var plain http.Protocols
	plain.SetUnencryptedHTTP2(true)
	return &Client{http: &http.Client{Timeout: questionTimeout, Transport: &http.Transport{
		Protocols: &plain,
		// After a restart the old connection leads nowhere.
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}}
}

// Fields of the messages of runtime.v1.
const (
	fieldRuntimeVersion = 3 // of VersionResponse

	fieldStatus     = 1 // of StatusResponse
	fieldHandlers   = 3
	fieldConditions = 1 // of RuntimeStatus
	fieldType       = 1 // of RuntimeCondition
	fieldTrue       = 2
	fieldName       = 1 // of RuntimeHandler

	conditionReady = "RuntimeReady"
)

// Version is the container runtime's own.
func (c *Client) Version(ctx context.Context) (string, error) {
	message, err := c.call(ctx, "Version")
	if err != nil {
		return "", err
	}
	version := ""
	err = fields(message, func(number protowire.Number, value []byte, _ uint64) error {
		if number == fieldRuntimeVersion {
			version = string(value)
		}
		return nil
	})
	return version, err
}

// Status implements CRI.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	message, err := c.call(ctx, "Status")
	if err != nil {
		return s, err
	}
	err = fields(message, func(number protowire.Number, value []byte, _ uint64) error {
		switch number {
		case fieldStatus:
			return fields(value, s.condition)
		case fieldHandlers:
			return fields(value, s.handler)
		default:
			return nil
		}
	})
	return s, err
}

func (s *Status) handler(number protowire.Number, value []byte, _ uint64) error {
	if number == fieldName {
		s.Handlers = append(s.Handlers, string(value))
	}
	return nil
}

func (s *Status) condition(number protowire.Number, value []byte, _ uint64) error {
	if number != fieldConditions {
		return nil
	}
	kind, holds := "", false
	err := fields(value, func(number protowire.Number, value []byte, n uint64) error {
		switch number {
		case fieldType:
			kind = string(value)
		case fieldTrue:
			holds = n != 0
		default: // the others are for people
		}
		return nil
	})
	if kind == conditionReady {
		s.Ready = holds
	}
	return err
}

// fields goes through a message. A value is bytes or a number.
func fields(message []byte, see func(number protowire.Number, value []byte, n uint64) error) error {
	for len(message) > 0 {
		number, kind, length := protowire.ConsumeTag(message)
		if length < 0 {
			return fmt.Errorf("read the answer: %w", protowire.ParseError(length))
		}
		message = message[length:]
		var value []byte
		var n uint64
		switch kind {
		case protowire.BytesType:
			value, length = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			n, length = protowire.ConsumeVarint(message)
		default:
			length = protowire.ConsumeFieldValue(number, kind, message)
		}
		if length < 0 {
			return fmt.Errorf("read the answer: %w", protowire.ParseError(length))
		}
		message = message[length:]
		if err := see(number, value, n); err != nil {
			return err
		}
	}
	return nil
}

// frame is what gRPC puts before a message: one byte for no compression, and the
// length.
const frame = 5

// maxAnswer bounds what is read.
const maxAnswer = 4 << 20

// call calls a method with an empty request.
func (c *Client) call(ctx context.Context, method string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/runtime.v1.RuntimeService/"+method, bytes.NewReader(make([]byte, frame)))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("TE", "trailers")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if err := verdict(response); err != nil {
		return nil, err
	}
	if len(body) < frame || int(binary.BigEndian.Uint32(body[1:frame])) != len(body)-frame {
		return nil, errors.New("the answer is cut off")
	}
	return body[frame:], nil
}

// verdict is how the call went. It stands at the end of an answer, or at its
// beginning where there is nothing else.
func verdict(r *http.Response) error {
	for _, header := range []http.Header{r.Trailer, r.Header} {
		switch code := header.Get("Grpc-Status"); code {
		case "":
		case "0":
			return nil
		default:
			return fmt.Errorf("code %s: %s", code, header.Get("Grpc-Message"))
		}
	}
	return fmt.Errorf("no container runtime answers there: %s", r.Status)
}
