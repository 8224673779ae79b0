package strictyaml_test

import (
	"fmt"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

func ExampleDecode() {
	var server struct {
		Address string `yaml:"address"`
		Port    int    `yaml:"port"`
	}
	text := "adress: localhost\nport: \"80\"\n"
	_, problems := strictyaml.Decode("server.yaml", []byte(text), &server)
	fmt.Println(problems)
	// Output:
	// server.yaml:1: adress: unknown field (did you mean "address"?)
	// server.yaml:2: port: expected a whole number, found "80"
}
