package main

import "context"

func (b *bench) fleetOf(context.Context) ([]section, error) { return nil, nil }
