// One connection of Snowflake's driver for Go, as a program. `../drivers.py` says what it is asked and answers.
package main

import (
	"bufio"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	sf "github.com/snowflakedb/gosnowflake/v2"
)

type options struct {
	Host           string `json:"host"`
	Port           int    `json:"port"`
	User           string `json:"user"`
	Password       string `json:"password"`
	Token          string `json:"token"`
	PrivateKeyFile string `json:"private_key_file"`
	LoginTimeout   int    `json:"login_timeout"` // Seconds.
}

func readKey(file string) (*rsa.PrivateKey, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, errors.New("no PEM block in " + file)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	return key.(*rsa.PrivateKey), nil
}

func connect(given options) (*sql.DB, *sql.Conn, error) {
	config := sf.Config{
		Account: "coatcheck", User: given.User, Password: given.Password, Protocol: "http", Host: given.Host, Port: given.Port,
		LoginTimeout: 30 * time.Second,
	}
	if given.LoginTimeout > 0 {
		config.LoginTimeout = time.Duration(given.LoginTimeout) * time.Second
	}
	if given.Token != "" {
		config.Authenticator, config.Token = sf.AuthTypePat, given.Token
	}
	if given.PrivateKeyFile != "" {
		key, err := readKey(given.PrivateKeyFile)
		if err != nil {
			return nil, nil, err
		}
		config.Authenticator, config.PrivateKey = sf.AuthTypeJwt, key
	}
	dsn, err := sf.DSN(&config)
	if err != nil {
		return nil, nil, err
	}
	db, err := sql.Open("snowflake", dsn)
	if err != nil {
		return nil, nil, err
	}
	connection, err := db.Conn(context.Background())
	if err != nil {
		return nil, nil, err
	}
	return db, connection, nil
}

type failure struct {
	Kind     string  `json:"kind"`
	Code     *string `json:"code"`
	SQLState *string `json:"sqlstate"`
	Message  string  `json:"message"`
	ID       *string `json:"id"`
}

func describeFailure(err error) failure {
	described := failure{Kind: fmt.Sprintf("%T", err), Message: err.Error()}
	var theirs *sf.SnowflakeError
	if errors.As(err, &theirs) {
		code := fmt.Sprintf("%06d", theirs.Number)
		described.Code, described.SQLState = &code, &theirs.SQLState
		if theirs.QueryID != "" {
			described.ID = &theirs.QueryID
		}
	}
	return described
}

func answer(value any, err error) bool {
	document := map[string]any{"ok": value}
	if err != nil {
		document = map[string]any{"error": describeFailure(err)}
	}
	text, failed := json.Marshal(document)
	if failed != nil {
		panic(failed)
	}
	fmt.Println(string(text))
	return err == nil
}

// once opens a connection for one command.
func once(given options, command string, arguments []string) {
	db, connection, err := connect(given)
	if err != nil {
		answer(nil, err)
		return
	}
	value, err := perform(&commands{connection: connection}, command, arguments)
	connection.Close()
	db.Close()
	answer(value, err)
}

// converse opens one connection for all the commands that come on standard input; the first answer says that it is open.
func converse(given options) {
	db, connection, err := connect(given)
	if !answer(nil, err) {
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<16), 1<<26)
	session := &commands{connection: connection, lines: lines}
	for lines.Scan() {
		var line []string
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			panic(err)
		}
		answer(perform(session, line[0], line[1:]))
	}
	connection.Close()
	db.Close()
}

func main() {
	// What the driver has to say beside its errors goes nowhere.
	_ = sf.GetLogger().SetLogLevel("fatal")
	var given options
	if err := json.Unmarshal([]byte(os.Args[1]), &given); err != nil {
		panic(err)
	}
	if len(os.Args) > 2 {
		once(given, os.Args[2], os.Args[3:])
	} else {
		converse(given)
	}
}
