package main

import (
	"bufio"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	sf "github.com/snowflakedb/gosnowflake/v2"
)

const (
	history = `select query_id, execution_status, error_message from table(information_schema.query_history())
   where query_id = '%s'`
	result = "select * from table (result_scan('%s'))"
)

type commands struct {
	connection *sql.Conn
	lines      *bufio.Scanner // What is left of standard input; nil for a single command.
}

type table struct {
	ID      string      `json:"id,omitempty"`
	Columns []string    `json:"columns"`
	Rows    [][]*string `json:"rows"`
}

type column struct {
	Name  string  `json:"name"`
	Type  string  `json:"type"`
	Value *string `json:"value"`
}

// exact asks for numbers as they are, of whatever size.
func exact() context.Context { return sf.WithHigherPrecision(context.Background()) }

// readSet reads what is left of the current result set.
func readSet(rows *sql.Rows) (table, []*sql.ColumnType, error) {
	read := table{Rows: [][]*string{}}
	types, err := rows.ColumnTypes()
	if err != nil {
		return read, nil, err
	}
	for _, each := range types {
		read.Columns = append(read.Columns, each.Name())
	}
	for rows.Next() {
		cells := make([]any, len(types))
		targets := make([]any, len(types))
		for i := range cells {
			targets[i] = &cells[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return read, nil, err
		}
		row := make([]*string, len(types))
		for i, cell := range cells {
			row[i] = textOf(cell, types[i])
		}
		read.Rows = append(read.Rows, row)
	}
	return read, types, rows.Err()
}

func (c *commands) query(ctx context.Context, statement string, arguments ...any) (table, []*sql.ColumnType, error) {
	ids := make(chan string, 8)
	rows, err := c.connection.QueryContext(sf.WithQueryIDChan(ctx, ids), statement, arguments...)
	if err != nil {
		return table{}, nil, err
	}
	defer rows.Close()
	read, types, err := readSet(rows)
	select {
	case read.ID = <-ids:
	default:
	}
	return read, types, err
}

func (c *commands) submit(statement string) (any, error) {
	var id string
	err := c.connection.Raw(func(raw any) error {
		rows, err := raw.(driver.QueryerContext).QueryContext(sf.WithAsyncMode(context.Background()), statement, nil)
		if err == nil {
			// Closing the rows would wait for the query.
			id = rows.(sf.SnowflakeRows).GetQueryID()
		}
		return err
	})
	return id, err
}

func (c *commands) poll(id string) (any, error) {
	read, _, err := c.query(exact(), fmt.Sprintf(history, id))
	if err != nil || len(read.Rows) == 0 {
		return nil, err
	}
	return read.Rows[0], nil
}

func (c *commands) scan(id string) (any, error) {
	read, _, err := c.query(exact(), fmt.Sprintf(result, id))
	if err != nil {
		return nil, err
	}
	items := []map[string]*string{}
	for _, row := range read.Rows {
		item := map[string]*string{}
		for i, cell := range row {
			item[read.Columns[i]] = cell
		}
		items = append(items, item)
	}
	return map[string]any{"columns": map[string]any{"total": len(read.Columns), "columns": read.Columns}, "items": items}, nil
}

// status puts the driver's answer, which is an error unless the query has succeeded, in the words of the others.
func (c *commands) status(id string) (any, error) {
	var status string
	err := c.connection.Raw(func(raw any) error {
		_, err := raw.(sf.SnowflakeConnection).GetQueryStatus(context.Background(), id)
		var theirs *sf.SnowflakeError
		switch {
		case err == nil:
			status = "SUCCESS"
		case !errors.As(err, &theirs):
			return err
		case theirs.Number == sf.ErrQueryIsRunning:
			status = "RUNNING"
		case theirs.Number == sf.ErrQueryStatus && len(theirs.MessageArgs) == 0:
			status = "NO_DATA"
		case theirs.Number == sf.ErrQueryStatus || theirs.Number == sf.ErrQueryReportedError:
			status = "FAILED_WITH_ERROR"
		default:
			return err
		}
		return nil
	})
	return status, err
}

func (c *commands) results(id string) (any, error) {
	read, _, err := c.query(sf.WithFetchResultByID(exact(), id), "")
	return read, err
}

func (c *commands) run(statement string) (any, error) {
	read, _, err := c.query(exact(), statement)
	return read, err
}

func (c *commands) change(statement string, arguments ...any) (any, error) {
	ids := make(chan string, 8)
	done, err := c.connection.ExecContext(sf.WithQueryIDChan(context.Background(), ids), statement, arguments...)
	if err != nil {
		return nil, err
	}
	affected, err := done.RowsAffected()
	return map[string]any{"id": <-ids, "affected": affected}, err
}

func described(types []*sql.ColumnType) []column {
	columns := []column{}
	for _, each := range types {
		columns = append(columns, column{Name: each.Name(), Type: each.DatabaseTypeName()})
	}
	return columns
}

func (c *commands) types(statement string) (any, error) {
	read, types, err := c.query(exact(), statement)
	if err != nil {
		return nil, err
	}
	columns := described(types)
	for i := range columns {
		columns[i].Value = read.Rows[0][i]
	}
	return columns, nil
}

func (c *commands) describe(statement string) (any, error) {
	rows, err := c.connection.QueryContext(sf.WithDescribeOnly(context.Background()), statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	return described(types), err
}

func (c *commands) count(statement string) (any, error) {
	started := time.Now()
	rows, err := c.connection.QueryContext(context.Background(), statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	count, checksum := 0, int64(0)
	for rows.Next() {
		var number int64
		var text string
		if err := rows.Scan(&number, &text); err != nil {
			return nil, err
		}
		count++
		checksum += number + int64(len(text))
	}
	return map[string]any{"rows": count, "checksum": fmt.Sprint(checksum), "seconds": time.Since(started).Seconds()}, rows.Err()
}

func (c *commands) bind(statement string) (any, error) {
	moment := time.Date(2024, 2, 29, 12, 34, 56, 789000000, time.UTC)
	read, _, err := c.query(exact(), statement,
		42, "12345678901234567890123456789012345678", "123.456", 1.5, true, "h\u00e9llo '?' \U0001f9e5", sql.NullString{},
		sf.DataTypeDate, moment, sf.DataTypeTime, moment, sf.DataTypeTimestampNtz, moment, sf.DataTypeTimestampTz, moment,
		sf.DataTypeBinary, []byte{0, 255, 16})
	return read, err
}

func (c *commands) bulk(statement string, rows int) (any, error) {
	numbers := make([]int, rows)
	texts := make([]string, rows)
	for i := range numbers {
		numbers[i], texts[i] = i, fmt.Sprintf("row %d", i)
	}
	first, err := sf.Array(&numbers)
	if err != nil {
		return nil, err
	}
	second, err := sf.Array(&texts)
	if err != nil {
		return nil, err
	}
	return c.change(statement, first, second)
}

func (c *commands) multi(statement string, statements int) (any, error) {
	rows, err := c.connection.QueryContext(sf.WithMultiStatement(exact(), statements), statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sets := []table{}
	for {
		read, _, err := readSet(rows)
		if err != nil {
			return nil, err
		}
		sets = append(sets, read)
		if !rows.NextResultSet() {
			return sets, rows.Err()
		}
	}
}

// cancel waits for the statement; a line on standard input cancels it.
func (c *commands) cancel(statement string) (any, error) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() {
		c.lines.Scan()
		stop()
	}()
	read, _, err := c.query(ctx, statement)
	return read, err
}

func perform(c *commands, name string, arguments []string) (any, error) {
	number := func(i int) int {
		value, err := strconv.Atoi(arguments[i])
		if err != nil {
			panic(err)
		}
		return value
	}
	switch name {
	case "version":
		return sf.SnowflakeGoDriverVersion, nil
	case "submit":
		return c.submit(arguments[0])
	case "poll":
		return c.poll(arguments[0])
	case "scan":
		return c.scan(arguments[0])
	case "status":
		return c.status(arguments[0])
	case "results":
		return c.results(arguments[0])
	case "run":
		return c.run(arguments[0])
	case "change":
		return c.change(arguments[0])
	case "types":
		return c.types(arguments[0])
	case "describe":
		return c.describe(arguments[0])
	case "count":
		return c.count(arguments[0])
	case "bind":
		return c.bind(arguments[0])
	case "bulk":
		return c.bulk(arguments[0], number(1))
	case "multi":
		return c.multi(arguments[0], number(1))
	case "cancel":
		return c.cancel(arguments[0])
	}
	return nil, fmt.Errorf("there is no command %q", name)
}

// textOf gives a value as text that is the same for every driver.
func textOf(value any, of *sql.ColumnType) *string {
	var text string
	switch value := value.(type) {
	case nil:
		return nil
	case *big.Float:
		_, scale, _ := of.DecimalSize()
		text = value.Text('f', int(scale))
	case float64:
		text = floating(value)
	case []byte:
		text = fmt.Sprintf("%x", value)
	case time.Time:
		text = timeText(value, of.DatabaseTypeName())
	default:
		text = fmt.Sprint(value)
	}
	return &text
}

func floating(value float64) string {
	text := strconv.FormatFloat(value, 'g', -1, 64)
	switch text {
	case "+Inf":
		return "Infinity"
	case "-Inf":
		return "-Infinity"
	}
	return text
}

func timeText(value time.Time, kind string) string {
	switch {
	case kind == "DATE":
		return value.Format("2006-01-02")
	case kind == "TIME":
		return value.Format("15:04:05.999999999")
	case strings.HasSuffix(kind, "NTZ"):
		return value.Format("2006-01-02T15:04:05.999999999")
	}
	return value.UTC().Format("2006-01-02T15:04:05.999999999Z")
}
