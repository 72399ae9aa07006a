package coatcheck.drivers

import java.sql.{Connection, ResultSet}
import net.snowflake.client.jdbc.SnowflakeConnection

/** Where the names that the programs use are in the driver's third generation: the article's. */
object Generation {
  type SnowflakePreparedStatement = net.snowflake.client.jdbc.SnowflakePreparedStatement
  type SnowflakeResultSet = net.snowflake.client.jdbc.SnowflakeResultSet
  type SnowflakeStatement = net.snowflake.client.jdbc.SnowflakeStatement

  def resultOf(connection: Connection, id: String): ResultSet =
    connection.unwrap(classOf[SnowflakeConnection]).createResultSet(id)

  def statusOf(connection: Connection, id: String): String =
    resultOf(connection, id).unwrap(classOf[SnowflakeResultSet]).getStatusV2.getStatus.toString
}
