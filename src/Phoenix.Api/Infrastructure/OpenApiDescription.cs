using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Phoenix.Api.Infrastructure;

/// <summary>What the OpenAPI document says beyond what the endpoints say of themselves.</summary>
public static class OpenApiDescription
{
    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Phoenix API", Version = "2",
                Description = "A/B experiments of metric pipelines on live hosts. Errors are problem+json with a stable 'code'.",
            };
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                ["user"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "User token from POST /api/v2/auth/tokens. In a browser the cookie of POST /api/v2/auth/session stands for it, for requests of the dashboard's own pages. An operation names the least role beside it: viewer, operator or admin." },
                ["agent"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "Credential of an enrolled host, beside X-Agent-Host-ID." },
            };
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            // What is sent is a number; that one in quotes is read too is leniency, and no type for a client.
            const JsonSchemaType Number = JsonSchemaType.Integer | JsonSchemaType.Number;
            if (schema.Type is { } type && (type & Number) != 0 && type.HasFlag(JsonSchemaType.String)) (schema.Type, schema.Pattern) = (type & ~JsonSchemaType.String, null);
            // The converter of StorableText hides the type, and whether it may be null.
            if (schema.Type is null && context.JsonTypeInfo.Type == typeof(string))
                schema.Type = context.JsonPropertyInfo is { IsGetNullable: true } ? JsonSchemaType.String | JsonSchemaType.Null : JsonSchemaType.String;
            // What is computed is only ever told, and always.
            if (schema.Properties is { } properties)
                foreach (var computed in context.JsonTypeInfo.Properties)
                    if (computed is { Get: not null, Set: null, AssociatedParameter: null } && properties.ContainsKey(computed.Name)) (schema.Required ??= new HashSet<string>()).Add(computed.Name);
            // Of a list or map of texts it leaves nothing at all.
            if (context.JsonTypeInfo.ElementType == typeof(string))
            {
                if (context.JsonTypeInfo.Kind == JsonTypeInfoKind.Enumerable) schema.Items ??= Text();
                if (context.JsonTypeInfo.Kind == JsonTypeInfoKind.Dictionary) schema.AdditionalProperties ??= Text();
            }
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            foreach (var (status, response) in operation.Responses?.ToArray() ?? [])
            {
                // What an endpoint returns says nothing of its shape; where it names another success this is none of its answers.
                if (response.Content?.Values.Any(c => c.Schema is OpenApiSchemaReference { Reference.Id: nameof(IResult) }) != true) continue;
                if (operation.Responses!.Keys.Any(other => other != status && other.StartsWith('2'))) operation.Responses.Remove(status);
                else response.Content.Clear();
            }
            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            if (metadata.OfType<Microsoft.AspNetCore.Authorization.IAllowAnonymous>().Any()) return Task.CompletedTask;
            var scheme = metadata.OfType<Microsoft.AspNetCore.Authorization.IAuthorizeData>().Any(a => a.Policy == Identity.AgentAuthentication.SchemeName) ? "agent" : "user";
            // OpenAPI 3.1 lets a requirement name the role beside the token.
            List<string> role = scheme == "user" ? [Identity.RequireRoleAttribute.Of(new(metadata), context.Description.HttpMethod ?? "")] : [];
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, context.Document)] = role }];
            return Task.CompletedTask;
        });
    }

    static OpenApiSchema Text() => new() { Type = JsonSchemaType.String };
}
