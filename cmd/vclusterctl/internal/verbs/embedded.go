package verbs

import "context"

const hostEmbedded = "embedded"

func (o *CreateOptions) ensureHost(context.Context) error { return nil }
