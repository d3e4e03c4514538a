// Renders a Helm chart with what Helm itself is made of: text/template and sprig. Only what this chart uses of Helm's own
// is added: include, required, toYaml, .Files.Get.
//
// Usage: render CHART < {"Values": ..., "Chart": ..., "Release": ...}; prints one document for each template.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
)

// files is Helm's .Files, as far as charts read single files.
type files struct{ root string }

// Get gives a file of the chart; empty when there is none, as with Helm.
func (f files) Get(name string) string {
	text, err := os.ReadFile(filepath.Join(f.root, filepath.Clean("/"+name)))
	if err != nil {
		return ""
	}
	return string(text)
}

func functions(root *template.Template) template.FuncMap {
	known := sprig.TxtFuncMap()
	// Helm takes these away, so that a chart reads nothing of the machine.
	delete(known, "env")
	delete(known, "expandenv")
	known["include"] = func(name string, data interface{}) (string, error) {
		var text bytes.Buffer
		err := root.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	known["required"] = func(why string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return nil, errors.New(why)
		}
		return value, nil
	}
	known["toYaml"] = func(value interface{}) (string, error) {
		lines, err := block(value)
		return strings.Join(lines, "\n"), err
	}
	return known
}

// block writes a value as YAML: maps and lists line by line, as Helm does, so that a template may go on below; the rest as
// JSON, which is YAML.
func block(value interface{}) ([]string, error) {
	var lines []string
	add := func(first, others string, of interface{}) error {
		inner, err := block(of)
		for i, line := range inner {
			if i == 0 {
				lines = append(lines, first+line)
			} else {
				lines = append(lines, others+line)
			}
		}
		return err
	}
	switch value := value.(type) {
	case map[string]interface{}:
		keys := make([]string, 0, len(value))
		for key := range value {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		for _, key := range keys {
			var err error
			if isFlat(value[key]) {
				err = add(key+": ", "", value[key])
			} else {
				lines = append(lines, key+":")
				err = add("  ", "  ", value[key])
			}
			if err != nil {
				return nil, err
			}
		}
	case []interface{}:
		for _, item := range value {
			if err := add("- ", "  ", item); err != nil {
				return nil, err
			}
		}
	}
	if isFlat(value) {
		text, err := json.Marshal(value)
		return []string{string(text)}, err
	}
	return lines, nil
}

// isFlat tells what is written in one line.
func isFlat(value interface{}) bool {
	switch value := value.(type) {
	case map[string]interface{}:
		return len(value) == 0
	case []interface{}:
		return len(value) == 0
	}
	return true
}

func render(chart string) error {
	var data map[string]interface{}
	decoder := json.NewDecoder(os.Stdin)
	// Helm's numbers are floats, too: a chart that prints one as 1e+06 must be seen.
	if err := decoder.Decode(&data); err != nil {
		return err
	}
	data["Files"] = files{chart}
	root := template.New("chart").Option("missingkey=zero")
	root.Funcs(functions(root))
	paths, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	if err != nil {
		return err
	}
	sort.Strings(paths)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if _, err := root.New(filepath.Base(path)).Parse(string(text)); err != nil {
			return err
		}
	}
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "_") {
			continue
		}
		var text bytes.Buffer
		if err := root.ExecuteTemplate(&text, name, data); err != nil {
			return err
		}
		fmt.Printf("---\n# Source: %s\n%s\n", name, text.String())
	}
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: render CHART < values.json")
		os.Exit(2)
	}
	if err := render(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
