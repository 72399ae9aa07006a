package coatcheck.drivers

import java.sql.{Connection, ResultSet}
import net.snowflake.client.api.connection.SnowflakeConnection

/** Where the names that the programs use are in the driver's fourth generation. */
object Generation {
  type SnowflakePreparedStatement = net.snowflake.client.api.statement.SnowflakePreparedStatement
  type SnowflakeResultSet = net.snowflake.client.api.resultset.SnowflakeResultSet
  type SnowflakeStatement = net.snowflake.client.api.statement.SnowflakeStatement

  def resultOf(connection: Connection, id: String): ResultSet =
    connection.unwrap(classOf[SnowflakeConnection]).createResultSet(id)

  def statusOf(connection: Connection, id: String): String =
    connection.unwrap(classOf[SnowflakeConnection]).getQueryStatus(id).getStatus.toString
}
