//! The Model Context Protocol over a [`Caller`].

use std::io;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer, ServerInitializeError};
use rmcp::{ErrorData, ServerHandler, ServiceExt};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Caller;
use super::wire::Called;

/// Serves the caller's tools to one client, until that closes its side.
pub async fn serve<R, W>(caller: Caller, reader: R, writer: W) -> io::Result<()>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    match (Server { caller }).serve((reader, writer)).await {
        Ok(running) => running.waiting().await.map(drop).map_err(io::Error::other),
        // A client that goes without a word is none.
        Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
        Err(error) => Err(io::Error::other(error)),
    }
}

struct Server {
    caller: Caller,
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("baton", env!("CARGO_PKG_VERSION")))
            .with_instructions("The tracker of the issue that is being worked on.")
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = self.caller.tools().await.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        let tool = |tool: super::wire::Tool| Tool::new(tool.name, tool.description, tool.input_schema);
        Ok(ListToolsResult { tools: tools.into_iter().map(tool).collect(), ..ListToolsResult::default() })
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        let Called { ok, output } = self.caller.call(request.name.into_owned(), arguments).await;
        let content = vec![ContentBlock::text(output.to_string())];
        let result = if ok { CallToolResult::success(content) } else { CallToolResult::error(content) };
        Ok(result.into())
    }
}
