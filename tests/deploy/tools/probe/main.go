// SPDX-FileCopyrightText: 2026 The inferd authors
// SPDX-License-Identifier: Apache-2.0

// probe HOST PORT [SERVICE]: asks as the kubelet's gRPC probes do, with the kubelet's own code. Prints its verdict and the
// text that would stand in the pod's events; exit status 0: success, 1: failure, 2: it cannot tell.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"k8s.io/kubernetes/pkg/probe"
	"k8s.io/kubernetes/pkg/probe/grpc"
)

func main() {
	port, err := strconv.Atoi(os.Args[2])
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	service := ""
	if len(os.Args) > 3 {
		service = os.Args[3]
	}
	result, text, err := grpc.New().Probe(os.Args[1], service, port, time.Second)
	fmt.Printf("%s: %s\n", result, text)
	switch {
	case err != nil:
		os.Exit(2)
	case result != probe.Success:
		os.Exit(1)
	}
}
